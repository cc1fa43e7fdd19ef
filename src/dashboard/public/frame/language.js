/** uPlot asks for the browser's language as it loads, and throws where that is none (`en-US@posix` of a bare machine). */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}
