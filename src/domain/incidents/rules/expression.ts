/**
 * Conditions over facts: `feed.scan.age_s > 60 and not upstream.alive`. Three-valued logic: a result that depends on
 * an unknown value is unknown, unless the rest decides it. A `*` stands for one segment, the same one throughout a
 * condition.
 */
import { type Fact, isUnknown } from "../facts.ts";

export type ComparisonOperator = "<" | "<=" | ">" | ">=" | "==" | "!=";
type Literal = number | string | boolean;

export type Expression =
  | {
      readonly kind: "compare";
      readonly name: string;
      readonly operator: ComparisonOperator;
      readonly to: { readonly value: Literal } | { readonly name: string };
    }
  | { readonly kind: "all" | "any"; readonly parts: readonly Expression[] }
  | { readonly kind: "not"; readonly part: Expression };

export type Judgement = {
  /** Null: unknown. */
  readonly holds: boolean | null;
  /** Why it is unknown. */
  readonly why: string;
};

/** A condition that cannot be parsed; `position` counts from 1. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly position: number;
  constructor(message: string, position: number) {
    super(`position ${position}: ${message}`);
    this.position = position;
  }
}

type Token = {
  readonly kind: "name" | "number" | "text" | "operator" | "open" | "close" | "end";
  readonly text: string;
  readonly position: number;
};

const CHARACTERS_MAX = 500;
const DEPTH_MAX = 16;
const TOKEN =
  /\s*(?:(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|(?<name>[A-Za-z_*](?:[\w*-]*\w|\*)?(?:\.(?:[\w*](?:[\w*-]*[\w*])?))*)|(?<text>"[^"]*"|'[^']*')|(?<operator><=|>=|==|!=|<|>)|(?<open>\()|(?<close>\)))/y;

/** @throws {ExpressionError} */
export function parseExpression(text: string): Expression {
  if (CHARACTERS_MAX < text.length) {
    throw new ExpressionError(`longer than ${CHARACTERS_MAX} characters`, CHARACTERS_MAX + 1);
  }
  const reader = new Reader(tokensOf(text));
  const expression = reader.either(0);
  reader.expectEnd();
  return expression;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    const found = Object.entries(groups ?? {}).find(([, value]) => value !== undefined);
    if (found === undefined) {
      throw new ExpressionError(`cannot read '${text.slice(start, start + 12)}'`, start + 1);
    }
    const [kind, value] = found;
    tokens.push({ kind: kindOf(kind), text: value, position: start + 1 });
    at = TOKEN.lastIndex;
  }
  return [...tokens, { kind: "end", text: "", position: text.length + 1 }];
}

function kindOf(group: string): Token["kind"] {
  const kinds = ["name", "number", "text", "operator", "open", "close"] as const;
  return kinds.find((kind) => kind === group) ?? "end";
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  either(depth: number): Expression {
    return this.#series("or", () => this.#series("and", () => this.#one(depth)));
  }

  expectEnd(): void {
    const { kind, text, position } = this.#peek();
    if (kind !== "end")
      throw new ExpressionError(`'and' or 'or' expected, found '${text}'`, position);
  }

  #series(word: "and" | "or", part: () => Expression): Expression {
    const parts = [part()];
    while (this.#takeWord(word)) parts.push(part());
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return first;
    return { kind: word === "and" ? "all" : "any", parts };
  }

  #one(depth: number): Expression {
    if (DEPTH_MAX < depth) throw new ExpressionError("nested too deep", this.#peek().position);
    if (this.#takeWord("not")) return { kind: "not", part: this.#one(depth + 1) };
    if (this.#peek().kind !== "open") return this.#comparison();
    this.#next();
    const inner = this.either(depth + 1);
    const { kind, text, position } = this.#next();
    if (kind !== "close") throw new ExpressionError(`')' expected, found '${text}'`, position);
    return inner;
  }

  #comparison(): Expression {
    const name = this.#next();
    if (name.kind !== "name" || isWord(name.text)) {
      const found = name.kind === "end" ? "the end" : `'${name.text}'`;
      throw new ExpressionError(
        `the name of a fact expected, such as 'feed.scan.age_s', found ${found}`,
        name.position,
      );
    }
    if (this.#peek().kind !== "operator") {
      return { kind: "compare", name: name.text, operator: "==", to: { value: true } };
    }
    const operator = this.#next().text;
    return {
      kind: "compare",
      name: name.text,
      operator: operatorOf(operator),
      to: this.#operand(),
    };
  }

  #operand(): { readonly value: Literal } | { readonly name: string } {
    const { kind, text, position } = this.#next();
    if (kind === "number") return { value: Number(text) };
    if (kind === "text") return { value: text.slice(1, -1) };
    if (kind === "name" && (text === "true" || text === "false")) return { value: text === "true" };
    if (kind === "name" && !isWord(text)) return { name: text };
    const found = kind === "end" ? "the end" : `'${text}'`;
    throw new ExpressionError(
      `a number, a text in quotes, true, false or a fact expected, found ${found}`,
      position,
    );
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "name" || text !== word) return false;
    this.#at += 1;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "", position: 1 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }
}

function isWord(text: string): boolean {
  return ["and", "or", "not", "true", "false"].includes(text);
}

function operatorOf(text: string): ComparisonOperator {
  const operators = ["<", "<=", ">", ">=", "==", "!="] as const;
  return operators.find((one) => one === text) ?? "==";
}

/** Each once, in the order of the condition. */
export function factNamesIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "compare": {
      const { name, to } = expression;
      return "name" in to ? [...new Set([name, to.name])] : [name];
    }
    case "not":
      return factNamesIn(expression.part);
    case "all":
    case "any":
      return [...new Set(expression.parts.flatMap(factNamesIn))];
  }
}

/** `factOf` gets names as the condition has them, with `*`; undefined: nobody provides the fact. */
export function judge(
  expression: Expression,
  factOf: (name: string) => Fact | undefined,
): Judgement {
  switch (expression.kind) {
    case "compare":
      return compare(expression, factOf);
    case "not": {
      const { holds, why } = judge(expression.part, factOf);
      return { holds: holds === null ? null : !holds, why };
    }
    case "all":
      return series(expression.parts, false, factOf);
    case "any":
      return series(expression.parts, true, factOf);
  }
}

/** `decisive`: the value of one operand that decides the result, whatever else is unknown. */
function series(
  parts: readonly Expression[],
  decisive: boolean,
  factOf: (name: string) => Fact | undefined,
): Judgement {
  let unknown: Judgement | null = null;
  for (const part of parts) {
    const judged = judge(part, factOf);
    if (judged.holds === decisive) return judged;
    if (judged.holds === null) unknown ??= judged;
  }
  return unknown ?? { holds: !decisive, why: "" };
}

function compare(
  { name, operator, to }: Extract<Expression, { kind: "compare" }>,
  factOf: (name: string) => Fact | undefined,
): Judgement {
  const left = known(name, factOf);
  if (typeof left === "object") return left;
  const right = "value" in to ? to.value : known(to.name, factOf);
  if (typeof right === "object") return right;
  if (typeof left !== typeof right) {
    const why = `${name} is ${JSON.stringify(left)}, which cannot be compared with ${JSON.stringify(right)}`;
    return { holds: null, why };
  }
  return { holds: holdsBetween(left, operator, right), why: "" };
}

function known(name: string, factOf: (name: string) => Fact | undefined): Literal | Judgement {
  const fact = factOf(name);
  if (fact === undefined) return { holds: null, why: `${name} is not known` };
  if (isUnknown(fact)) return { holds: null, why: fact.unknown };
  if (typeof fact === "number" && Number.isNaN(fact)) {
    return { holds: null, why: `${name} is not a number` };
  }
  return fact;
}

function holdsBetween(left: Literal, operator: ComparisonOperator, right: Literal): boolean {
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "==":
      return left === right;
    case "!=":
      return left !== right;
  }
}
