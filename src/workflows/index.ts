/** The workflows that workers register: every name exported here can be started from outside. */
export { compactArchive } from "./compact-archive.ts";
export { serviceRun } from "./service-run.ts";
export { superviseService } from "./supervise-service.ts";
