/** The name of the operator for journals, audits and incidents. A user of this machine need not have a name. */
import { userInfo } from "node:os";

export function operatorName(otherwise = "operator"): string {
  try {
    return userInfo().username;
  } catch {
    return otherwise;
  }
}
