import { randomUUID } from "node:crypto";
import type { NewEvent } from "#store";

/** An event with an id of its own, which stays the same however often it is sent. */
export const newEvent = (event: Omit<NewEvent, "id">): NewEvent => ({
  id: `evt_${randomUUID().replaceAll("-", "")}`,
  ...event,
});
