/**
 * Room for compiled code that a thread of a service reserves. V8 takes 512 MiB for each thread, and a limit on a
 * process's data counts what is reserved: three of them left a bridge under such a limit no room to start.
 */
export const THREAD_CODE_MB = 64;
