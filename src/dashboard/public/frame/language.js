/**
 * uPlot reads the browser's language when it loads, and throws for an invalid one (`en-US@posix` on a bare machine).
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}
