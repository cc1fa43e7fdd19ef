/**
 * What our long-running processes use of `node:http`. An import of that module reads all of its exports, and one of them loads
 * Node's WebSocket and fetch: 7 MB of a process for good, and 7 more of Node's program in its RSS.
 */
export const { createServer, get, request } = process.getBuiltinModule("node:http");
