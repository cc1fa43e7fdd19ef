import { expect, test } from "vitest";
import { isOnLoopback, withoutProxyOnLoopback } from "../../src/domain/loopback.ts";

const ALL = "localhost,127.0.0.1,::1";

test.each([
  ["nothing", {}, { no_proxy: ALL, NO_PROXY: ALL }],
  ["an empty one", { no_proxy: "" }, { no_proxy: ALL, NO_PROXY: ALL }],
  [
    "hosts of one's own, which stay, for both spellings",
    { NO_PROXY: "a.example, 127.0.0.1" },
    {
      no_proxy: "a.example,127.0.0.1,localhost,::1",
      NO_PROXY: "a.example,127.0.0.1,localhost,::1",
    },
  ],
  [
    "gRPC's own",
    { no_grpc_proxy: "a.example", no_proxy: ALL },
    { no_proxy: ALL, NO_PROXY: ALL, no_grpc_proxy: `a.example,${ALL}` },
  ],
])("with %s in the environment loopback is excepted", (_what, env, wanted) => {
  expect(withoutProxyOnLoopback(env)).toEqual(wanted);
});

test.each([
  ["127.0.0.1:7233", true],
  ["localhost:7233", true],
  ["[::1]:7233", true],
  ["temporal.example.com:7233", false],
  ["10.0.0.1:7233", false],
  ["localhost.example.com:7233", false],
])("the address %s is on this machine: %s", (address, isHere) => {
  expect(isOnLoopback(address)).toBe(isHere);
});
