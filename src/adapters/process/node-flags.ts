/**
 * Node flags of all our processes, as in bin/dolphin. Where the processor has memory protection keys, V8 shares one
 * table of code pages between threads, and occasionally aborts when threads come and go ("Check failed:
 * jit_page.has_value()"): so the keys are disabled.
 */
export const NODE_FLAGS = [
  "--disable-warning=ExperimentalWarning",
  "--no-memory-protection-keys",
] as const;

/**
 * Long-running, mostly idle processes also get a small young generation: V8 lets it grow to 48 MB per thread and
 * never returns it. And they collect it in their own thread: threads that help must be woken, which takes longer than a
 * collection of a few hundred kilobytes, and on a busy machine they are waited for (60 ms in place of 0.3).
 */
export const STAYING_FLAGS = [
  ...NODE_FLAGS,
  "--max-semi-space-size=1",
  "--no-parallel-scavenge",
] as const;
