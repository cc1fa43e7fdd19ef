/**
 * Address space that a service thread reserves for compiled code. V8 takes 512 MiB for each thread, and a data limit
 * counts reservations: with three threads a bridge under such a limit could not start.
 */
export const THREAD_CODE_MB = 64;
