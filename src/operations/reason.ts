import { AppError } from "#errors";

class ReasonMissing extends AppError {
  readonly code = "person.reason";
  readonly kind = "invalid";

  constructor() {
    super("A reason of 5 to 200 characters is needed: it stands in the access log.");
  }
}

/** Why somebody wants what the log keeps. Throws where it says nothing. */
export function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason.length < 5 || reason.length > 200) throw new ReasonMissing();
  return reason;
}
