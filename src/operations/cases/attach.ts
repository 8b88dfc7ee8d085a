import { createHash, randomUUID } from "node:crypto";
import { ATTACHMENT_BYTES_MAX, attachmentName, attachmentType } from "#case";
import { AppError } from "#errors";
import { insertAttachment, recordAccess, selectAttachment, selectCase } from "#store";
import { type Actor, permit } from "../actor.ts";
import { CaseMissing, type CaseNeeds, takeOneStep } from "./step.ts";

class AttachmentTooLarge extends AppError {
  readonly code = "attachment.too-large";
  readonly kind = "too-large";
}

class AttachmentRefused extends AppError {
  readonly code = "attachment.refused";
  readonly kind = "invalid";
}

class AttachmentMissing extends AppError {
  readonly code = "attachment.missing";
  readonly kind = "missing";
}

/** Attaches a file to a case, encrypted, and gives its id. What it is is told from its content, whatever it is called. */
export async function attachToCase(
  needs: CaseNeeds,
  actor: Actor,
  { no, name, content }: { no: string; name: string; content: Uint8Array },
): Promise<string> {
  permit(actor, "cases:work");
  if (content.length > ATTACHMENT_BYTES_MAX) {
    throw new AttachmentTooLarge(`The file has ${content.length} bytes; at most ${ATTACHMENT_BYTES_MAX} are kept.`);
  }
  const type = attachmentType(content);
  if (type === null) {
    throw new AttachmentRefused("The file is empty, or is none of PDF, PNG, JPEG, Word, Excel and text.");
  }
  const { vault, now } = needs;
  const id = randomUUID();
  await takeOneStep(needs, actor, { no, version: null }, { kind: "attach" }, ({ changedAt }) => ({
    patch: { changedAt },
    data: { attachment: id, type, bytes: content.length },
    also: (tx) =>
      insertAttachment(tx, actor.tenantId, {
        caseNo: no,
        id,
        name: vault.encrypt(attachmentName(name)),
        type,
        bytes: content.length,
        sha256: createHash("sha256").update(content).digest(),
        content: vault.encrypt(content),
        at: now(),
        by: actor.id,
        byName: actor.name,
      }),
  }));
  return id;
}

export interface Attachment {
  name: string;
  type: string;
  content: Buffer;
}

/** What was attached. The reading is recorded. */
export async function readAttachment(
  { database, vault, now }: CaseNeeds,
  actor: Actor,
  { no, id }: { no: string; id: string },
): Promise<Attachment> {
  permit(actor, "cases:read");
  const kase = await selectCase(database, actor.tenantId, actor.scope, no);
  if (kase === null) throw new CaseMissing(no);
  const stored = await selectAttachment(database, actor.tenantId, no, id);
  if (stored === null) throw new AttachmentMissing(`Case ${no} has no such file.`, { no });
  const { subject } = kase;
  await recordAccess(database, actor, { at: now(), operation: "attachment", subject, rows: 1, why: `Ärende ${no}` });
  return {
    name: vault.decrypt(stored.name).toString(),
    type: stored.type,
    content: vault.decrypt(stored.content),
  };
}
