/**
 * What every Node process of ours is started with, as bin/dolphin does. V8 keeps one table of its
 * code pages for all threads where the processor has memory protection keys, and now and then ends
 * the process when threads come and go ("Check failed: jit_page.has_value()"): so it does without.
 */
export const NODE_FLAGS = [
  "--disable-warning=ExperimentalWarning",
  "--no-memory-protection-keys",
] as const;

/**
 * What stays for weeks and mostly waits also keeps its young generation small: V8 lets it grow to
 * 48 MB a thread, and gives none of it back.
 */
export const STAYING_FLAGS = [...NODE_FLAGS, "--max-semi-space-size=1"] as const;
