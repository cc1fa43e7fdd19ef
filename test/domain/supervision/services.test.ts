import { describe, expect, test } from "vitest";
import {
  chosenServices,
  serviceChoices,
  upstreamFirst,
} from "../../../src/domain/supervision/chosen-services.ts";
import { bridgeService, SERVICES, traderOf } from "../../../src/domain/supervision/services.ts";
import { BOOKS, COUNTED_BOOK, hasLog, isBook } from "../../../src/domain/trading/books.ts";

const ROWS = Object.values(SERVICES);
const namesOf = (choice: string) => chosenServices(ROWS, choice).map(({ name }) => name);

describe("the table of services", () => {
  test("has one trader a book, and one bridge", () => {
    expect(BOOKS.map((book) => traderOf(book).book)).toEqual([...BOOKS]);
    expect(ROWS.filter(({ role }) => role === "bridge")).toEqual([bridgeService()]);
  });

  test("is kept under its own name", () => {
    expect(Object.entries(SERVICES).filter(([name, row]) => name !== row.name)).toEqual([]);
  });

  test("depends on nothing that is not there, and on nothing in a circle", () => {
    const known = [...ROWS.map(({ name }) => name), "archive", "hazelcast"];
    expect(
      ROWS.flatMap(({ dependsOn }) => dependsOn).filter((one) => !known.includes(one)),
    ).toEqual([]);
    const order = upstreamFirst(ROWS).map(({ name }) => name);
    const early = ROWS.filter(({ name, dependsOn }) =>
      dependsOn.some((one) => order.indexOf(name) <= order.indexOf(one)),
    );
    expect(early).toEqual([]);
  });

  test("blames nothing that it does not depend on", () => {
    const strangers = ROWS.flatMap(({ name, dependsOn, ties }) =>
      Object.values(ties.inputs)
        .flatMap(({ via }) => via?.service ?? [])
        .filter((service) => !dependsOn.some((one) => one === service))
        .map((service) => `${name}: ${service}`),
    );
    expect(strangers).toEqual([]);
  });

  test("caps a service above what the watch acts on", () => {
    const low = ROWS.filter((row) => row.limits.memoryMaxBytes <= row.rssRestartBytes);
    expect(low).toEqual([]);
  });
});

describe("an operator's word", () => {
  test.each([
    ["scan-bridge", ["scan-bridge"]],
    ["group:data", ["scan-bridge", "order-book"]],
    ["nobody", []],
  ])("%s means %j", (choice, names) => {
    expect(namesOf(choice)).toEqual(names);
  });

  test("group:trading means every trader, the one that the other follows first", () => {
    const traders = namesOf("group:trading").filter((name) => name.startsWith("trader-"));
    expect(traders).toEqual(["trader-blue", "trader-green"]);
  });

  test("all means every service, upstream first, however the table is sorted", () => {
    const turned = chosenServices(ROWS.toReversed(), "all").map(({ name }) => name);
    expect(turned.toSorted()).toEqual(ROWS.map(({ name }) => name).toSorted());
    expect(turned.indexOf("scan-bridge")).toBeLessThan(turned.indexOf("trader-blue"));
    expect(turned.indexOf("trader-blue")).toBeLessThan(turned.indexOf("trader-green"));
  });

  test("only names what means something", () => {
    expect(serviceChoices(ROWS).filter((choice) => namesOf(choice).length === 0)).toEqual([]);
  });
});

test("the book that counts is the one with a log", () => {
  expect(BOOKS.filter(hasLog)).toEqual([COUNTED_BOOK]);
  expect(["BLUE", "GREEN", "blue", "constructor"].map(isBook)).toEqual([true, true, false, false]);
});
