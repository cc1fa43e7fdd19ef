import { describe, expect, test } from "vitest";
import type { FactTable } from "../../../../src/domain/incidents/facts.ts";
import {
  ExpressionError,
  judge,
  parseExpression,
} from "../../../../src/domain/incidents/rules/expression.ts";

const FACTS: FactTable = {
  "service.scan-bridge.assets": 39,
  "feed.a.age_s": 61.5,
  "feed.a.budget_s": 30,
  "archive.state": "hung",
  "x.on": true,
  "x.off": false,
  "x.gone": { unknown: "not asked" },
};

test.each([
  ["service.scan-bridge.assets < 40", true],
  ["service.scan-bridge.assets<40", true],
  ["service.scan-bridge.assets >= 40", false],
  ["feed.a.age_s > feed.a.budget_s", true],
  ["feed.a.age_s > -1.5e3", true],
  ["archive.state == 'hung'", true],
  ['archive.state != "hung"', false],
  ["x.on", true],
  ["not x.on", false],
  ["x.on == false", false],
  ["x.on and x.off", false],
  ["x.on or x.off", true],
  ["x.off and x.off or x.on", true],
  ["x.off and (x.off or x.on)", false],
  ["not (x.on and x.off)", true],
  ["x.gone", null],
  ["not x.gone", null],
  ["x.nobody > 1", null],
  ["x.gone and x.off", false],
  ["x.gone and x.on", null],
  ["x.gone or x.on", true],
  ["x.gone or x.off", null],
  ["archive.state > 3", null],
])("%s is %s", (text, expected) => {
  expect(judge(parseExpression(text), (name) => FACTS[name]).holds).toBe(expected);
});

describe("what cannot be read is refused with its position", () => {
  test.each([
    ["", 1],
    ["   ", 4],
    ["a.b <", 6],
    ["a.b < 40 c", 10],
    ["a.b << 40", 6],
    ["a.b < 4x", 7],
    ["(a.b < 40", 10],
    ["a.b < 40)", 9],
    ["a.b = 40", 5],
    ["40 < a.b", 1],
    ["and a.b", 1],
    ["a.b < and", 7],
    ["a.b and", 8],
    ["a..b", 2],
    ["a.b < 'x", 7],
    ["a.b; rm", 4],
    ["(".repeat(40) + "a", 18],
    ["a".repeat(501), 501],
  ])("%s: %i", (text, position) => {
    const found = (() => {
      try {
        return parseExpression(text);
      } catch (error) {
        return error;
      }
    })();
    expect(found).toBeInstanceOf(ExpressionError);
    expect(found).toMatchObject({ position });
  });
});
