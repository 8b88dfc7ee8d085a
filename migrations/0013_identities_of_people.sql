CREATE INDEX "clients_by_household" ON "clients" USING btree ("tenant_id","household_id");--> statement-breakpoint
CREATE INDEX "clients_by_identity" ON "clients" USING btree ("tenant_id","personal_identity_number_hash") WHERE "clients"."personal_identity_number_hash" is not null;--> statement-breakpoint
CREATE INDEX "decisions_by_client" ON "decisions" USING btree ("tenant_id","client_id");--> statement-breakpoint
CREATE INDEX "order_lines_by_order" ON "order_lines" USING btree ("tenant_id","order_id");--> statement-breakpoint
CREATE INDEX "orders_by_client" ON "orders" USING btree ("tenant_id","client_id");--> statement-breakpoint
CREATE INDEX "staff_by_identity" ON "staff" USING btree ("tenant_id","personal_identity_number_hash") WHERE "staff"."personal_identity_number_hash" is not null;--> statement-breakpoint
CREATE INDEX "staff_by_hsa_id" ON "staff" USING btree ("tenant_id",upper("hsa_id")) WHERE "staff"."hsa_id" is not null;--> statement-breakpoint
CREATE INDEX "tags_by_client" ON "tags" USING btree ("tenant_id","client_id");--> statement-breakpoint
CREATE INDEX "refs_by_plain_id" ON "refs" USING btree ("tenant_id","kind",upper("id"));