CREATE INDEX "claims_by_client" ON "claims" USING btree ("tenant_id","client_id");--> statement-breakpoint
CREATE INDEX "lock_events_by_client" ON "lock_events" USING btree ("tenant_id","client_id","day");--> statement-breakpoint
CREATE INDEX "planned_visits_by_client" ON "planned_visits" USING btree ("tenant_id","client_id","day");--> statement-breakpoint
CREATE INDEX "planned_visits_history_by_client" ON "planned_visits_history" USING btree ("tenant_id","client_id","day");--> statement-breakpoint
CREATE INDEX "shifts_by_staff" ON "shifts" USING btree ("tenant_id","staff_id","day");--> statement-breakpoint
CREATE INDEX "visits_by_client" ON "visits" USING btree ("tenant_id","client_id","day");--> statement-breakpoint
CREATE INDEX "visits_by_staff" ON "visits" USING btree ("tenant_id","staff_id","day");