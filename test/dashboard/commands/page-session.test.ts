/** The page's own session, with simulated answers of the server. */
import { afterEach, expect, test, vi } from "vitest";

type Page = { send(name: string, input: object): Promise<{ readonly ok: boolean }> };
const MODULE = new URL("../../../src/dashboard/public/commanding/session.js", import.meta.url);

afterEach(() => void vi.unstubAllGlobals());

/** The ids that are sent while the server answers with these codes, one after the other. */
async function idsSent(name: string, codes: readonly number[]): Promise<readonly string[]> {
  const ids: string[] = [];
  vi.stubGlobal("fetch", (_path: string, { body }: { readonly body: string }) => {
    const { id }: { readonly id: string } = JSON.parse(body);
    ids.push(id);
    return Promise.resolve(Response.json({ ok: false }, { status: codes[ids.length - 1] ?? 200 }));
  });
  const page: Page = await import(MODULE.href);
  for (const _ of codes) await page.send(name, { book: "BLUE" });
  return ids;
}

test.each(["enter", "mute"])(
  "of %s what may have been done is sent again with its id, until an answer is there",
  async (name) => {
    const [first, again, answered, another] = await idsSent(name, [504, 500, 200, 200]);
    expect([again, answered]).toEqual([first, first]);
    expect(another).not.toBe(first);
  },
);

test("a halt is always a new one: what was resumed since must be halted again", async () => {
  expect(new Set(await idsSent("halt", [504, 504, 200])).size).toBe(3);
});
