/**
 * Runs in the page before its own code: records when its state was drawn, and the age of each scan in the frame that
 * shows it.
 */
window.drawnMs = null;
window.scanAgesMs = [];
const awaitState = () => {
  const says = document.querySelector(".sentence");
  if (says?.textContent) window.drawnMs = performance.now();
  else requestAnimationFrame(awaitState);
};
requestAnimationFrame(awaitState);
window.EventSource = class extends EventSource {
  addEventListener(name, hear) {
    super.addEventListener(name, hear);
    if (name !== "scan") return;
    super.addEventListener(name, (event) => {
      const { value } = JSON.parse(event.data);
      // After the page's own listener: the next frame shows what it drew.
      requestAnimationFrame(() => window.scanAgesMs.push(Date.now() - value.pushed_us / 1_000));
    });
  }
};
