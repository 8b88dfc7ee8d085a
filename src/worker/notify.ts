import { createTransport, type TransportOptions } from "nodemailer";

/** What the operator is told. Never personal data: names of sources and counts only. */
export interface Notice {
  subject: string;
  text: string;
}

export interface NotifyTargets {
  email?: { smtp: string; from: string; to: readonly string[] } | undefined;
  webhook?: string | undefined;
}

const timeoutMs = 15_000;

/** Sends a notice to every target; gives the names of those that failed, and throws nothing: a notice must not stop a night. */
export async function sendNotice(targets: NotifyTargets | undefined, notice: Notice): Promise<string[]> {
  const failed: string[] = [];
  const { email, webhook } = targets ?? {};
  if (email !== undefined) {
    const transport = createTransport({
      url: email.smtp,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    } as TransportOptions);
    try {
      await transport.sendMail({ from: email.from, to: [...email.to], subject: notice.subject, text: notice.text });
    } catch {
      failed.push("email");
    } finally {
      transport.close();
    }
  }
  if (webhook !== undefined) {
    try {
      const answer = await fetch(webhook, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(notice),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!answer.ok) failed.push("webhook");
    } catch {
      failed.push("webhook");
    }
  }
  return failed;
}
