/**
 * Keeps secrets out of everything that leaves the process: a value is hidden because of the name of its key,
 * and text because it has the form of a known kind of secret, such as the path of a webhook.
 */

const SECRET_KEY =
  /password|passwd|passphrase|token|secret|(api|private)[_-]?key|key[_-]?data|credential|authorization|auth$/i;
const DEPTH_MAX = 8;
export const REDACTED = "[redacted]";

export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Neither blanks nor characters that end a JSON string, because this also runs over whole lines. */
const PATH = String.raw`[^\s"'\\<>()]`;
/** What comes before a secret stays, the secret is replaced. Each pattern runs in time linear in the text. */
const SECRET_TEXTS: readonly RegExp[] = [
  // A user and a password in a URL.
  /(:\/\/)[^\s/?#"'\\@]{1,500}@/g,
  new RegExp(String.raw`(hooks\.slack(?:-gov)?\.com\/)${PATH}+`, "gi"),
  new RegExp(String.raw`(\/api\/(?:v\d+\/)?webhooks\/)${PATH}+`, "gi"),
  /(\/bot)\d+(?::|%3A)[\w-]+/gi,
  new RegExp(String.raw`((?:hc-ping\.com|healthchecks\.io\/ping)\/)${PATH}+`, "gi"),
  /([?&#](?:[\w-]{0,40}(?:token|secret|password|signature)|(?:api|access|auth)?_?key|auth|sig)=)[^\s&#"'\\]+/gi,
  /(\bBearer )[\w.~+/=-]+/gi,
  /(\bxox[a-z]-|\bxapp-)[\w-]+/g,
];

/** A copy of the text without the secrets that can be recognised by their form. */
export function redactText(text: string): string {
  let hidden = text;
  for (const pattern of SECRET_TEXTS) {
    hidden = hidden.replace(pattern, (match: string, before: string) =>
      match.endsWith("@") ? `${before}${REDACTED}@` : `${before}${REDACTED}`,
    );
  }
  return hidden;
}

/** Shorter ones would also match text that is not secret. */
const SECRET_CHARACTERS_MIN = 6;

/** A copy of the text without these particular secrets, also in their URL-encoded form. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of secrets) {
    for (const form of new Set([secret, encodeURIComponent(secret), encodeURI(secret)])) {
      if (form.length >= SECRET_CHARACTERS_MIN) hidden = hidden.replaceAll(form, REDACTED);
    }
  }
  return redactText(hidden);
}

/** A copy in which every value under a secret key is hidden; values nested too deeply are hidden as well. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactFields(fields, 0);
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]: [string, unknown]) => [
      key,
      isSecretKey(key) && value !== null ? REDACTED : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (!isPlain(value)) return value;
  if (depth === DEPTH_MAX) return "[too deep]";
  return Array.isArray(value)
    ? value.map((item) => redactValue(item, depth + 1))
    : redactFields(value, depth);
}

/** Errors, dates and buffers have serializers of their own. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
