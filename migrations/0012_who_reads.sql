CREATE TABLE "access_controls" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "access_controls_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"month" text NOT NULL,
	"unit" text,
	"looked" smallint NOT NULL,
	"result" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	CONSTRAINT "access_controls_in_order" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "access_heads" (
	"tenant_id" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	"gone_seq" bigint DEFAULT 0 NOT NULL,
	"gone_hash" "bytea" DEFAULT '\x' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"tenant_id" text NOT NULL,
	"id_hash" "bytea" NOT NULL,
	"user_no" bigint NOT NULL,
	"role" text NOT NULL,
	"issuer_session" text,
	"id_token" "bytea",
	"flash" text,
	"started_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sessions_one_per_id" PRIMARY KEY("tenant_id","id_hash")
);
--> statement-breakpoint
CREATE TABLE "sign_ins" (
	"tenant_id" text NOT NULL,
	"id_hash" "bytea" NOT NULL,
	"state" text NOT NULL,
	"nonce" text NOT NULL,
	"code_verifier" text NOT NULL,
	"path" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sign_ins_one_per_browser" PRIMARY KEY("tenant_id","id_hash")
);
--> statement-breakpoint
CREATE TABLE "user_grants" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "user_grants_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"user_no" bigint NOT NULL,
	"providers" text[],
	"units" text[],
	"groups" text[],
	"protected" boolean NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"why" text NOT NULL,
	CONSTRAINT "user_grants_in_order" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"tenant_id" text NOT NULL,
	"no" bigint GENERATED ALWAYS AS IDENTITY (sequence name "users_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"name" text NOT NULL,
	"unit" text,
	"roles" text[] NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"misses" integer DEFAULT 0 NOT NULL,
	"missed_at" timestamp with time zone,
	CONSTRAINT "users_one_per_number" PRIMARY KEY("tenant_id","no"),
	CONSTRAINT "users_one_per_subject" UNIQUE("tenant_id","issuer","subject")
);
--> statement-breakpoint
ALTER TABLE "access_log" ADD COLUMN "role" text DEFAULT 'operator' NOT NULL;--> statement-breakpoint
ALTER TABLE "access_log" ADD COLUMN "unit" text;--> statement-breakpoint
ALTER TABLE "access_log" ADD COLUMN "why" text;--> statement-breakpoint
ALTER TABLE "access_log" ADD COLUMN "seq" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "access_log" ADD COLUMN "hash" "bytea" DEFAULT '\x' NOT NULL;--> statement-breakpoint
CREATE INDEX "sessions_by_user" ON "sessions" USING btree ("tenant_id","user_no");--> statement-breakpoint
CREATE INDEX "user_grants_by_user" ON "user_grants" USING btree ("tenant_id","user_no");--> statement-breakpoint
DO $$
DECLARE
	entry access_log;
BEGIN
	FOR entry IN SELECT * FROM access_log ORDER BY no LOOP
		INSERT INTO access_heads (tenant_id, seq, hash) VALUES (entry.tenant_id, 0, '\x') ON CONFLICT DO NOTHING;
		UPDATE access_heads h SET seq = h.seq + 1,
			hash = sha256(h.hash || convert_to(json_build_array(entry.tenant_id, h.seq + 1, (extract(epoch FROM entry.at) * 1000000)::bigint, entry.actor, entry.role, entry.unit, entry.operation, entry.subject, entry.rows, entry.why)::text, 'UTF8'))
		WHERE h.tenant_id = entry.tenant_id RETURNING h.seq, h.hash INTO entry.seq, entry.hash;
		UPDATE access_log SET seq = entry.seq, hash = entry.hash WHERE no = entry.no;
	END LOOP;
END $$;
--> statement-breakpoint
ALTER TABLE "access_log" ADD CONSTRAINT "access_log_one_row_per_link" UNIQUE("tenant_id","seq");
--> statement-breakpoint
-- Each row takes the next number of its tenant and the hash of the row before with its own content. One statement: the
-- head's row is locked until the transaction ends, so that no two rows follow the same one.
CREATE FUNCTION access_log_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	LOOP
		UPDATE access_heads h SET seq = h.seq + 1,
			hash = sha256(h.hash || convert_to(json_build_array(NEW.tenant_id, h.seq + 1, (extract(epoch FROM NEW.at) * 1000000)::bigint, NEW.actor, NEW.role, NEW.unit, NEW.operation, NEW.subject, NEW.rows, NEW.why)::text, 'UTF8'))
		WHERE h.tenant_id = NEW.tenant_id RETURNING h.seq, h.hash INTO NEW.seq, NEW.hash;
		EXIT WHEN FOUND;
		INSERT INTO access_heads (tenant_id, seq, hash) VALUES (NEW.tenant_id, 0, '\x') ON CONFLICT DO NOTHING;
	END LOOP;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE FUNCTION access_log_keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
	IF OLD.at > now() - interval '5 years' THEN
		RAISE EXCEPTION 'access_log keeps its rows for five years' USING ERRCODE = 'restrict_violation';
	END IF;
	UPDATE access_heads SET gone_seq = OLD.seq, gone_hash = OLD.hash WHERE tenant_id = OLD.tenant_id AND gone_seq < OLD.seq;
	RETURN OLD;
END $$;
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER access_log_links BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION access_log_link();
--> statement-breakpoint
CREATE TRIGGER access_log_keeps BEFORE DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION access_log_keep();
--> statement-breakpoint
CREATE TRIGGER access_log_stays BEFORE UPDATE OR TRUNCATE ON access_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER access_controls_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON access_controls FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER user_grants_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON user_grants FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- The role in which pages read and write. It cannot sign in; whoever runs Klarsyn switches to it, and cannot see past
-- the policies below while it does.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'klarsyn_app') THEN
		BEGIN
			CREATE ROLE klarsyn_app NOLOGIN;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the server has just made it
		END;
	END IF;
	IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
		BEGIN
			GRANT klarsyn_app TO CURRENT_USER;
		EXCEPTION WHEN insufficient_privilege THEN NULL; -- an administrator may have granted it
		END;
	END IF;
	SET LOCAL ROLE klarsyn_app;
	RESET ROLE;
EXCEPTION WHEN insufficient_privilege THEN
	RAISE EXCEPTION 'klarsyn_app is missing' USING ERRCODE = 'KL001';
END $$;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO klarsyn_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO klarsyn_app;
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO klarsyn_app;
--> statement-breakpoint
REVOKE ALL ON vault_keys, sessions, sign_ins, access_heads FROM klarsyn_app;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON access_log, access_controls, user_grants FROM klarsyn_app;
--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON users FROM klarsyn_app;
--> statement-breakpoint
-- What the one who asks may see of a kind: null is all, and nothing where nobody said who asks.
CREATE FUNCTION klarsyn_scope(kind text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE coalesce(current_setting('klarsyn.' || kind, true), '')
		WHEN '' THEN '{}'::text[]
		WHEN 'null' THEN NULL
		ELSE ARRAY(SELECT jsonb_array_elements_text(current_setting('klarsyn.' || kind)::jsonb))
	END
$$;
--> statement-breakpoint
CREATE FUNCTION klarsyn_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT klarsyn_scope('providers') IS NULL AND klarsyn_scope('units') IS NULL AND klarsyn_scope('groups') IS NULL
$$;
--> statement-breakpoint
-- Clients of the groups (areas), as findings and figures name them.
CREATE FUNCTION klarsyn_clients() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT unnest(ARRAY[id, 'pid:' || encode(personal_identity_number_hash, 'hex')]) FROM clients
	WHERE tenant_id = current_setting('klarsyn.tenant', true) AND EXISTS (
		SELECT FROM jsonb_array_elements(addresses::jsonb) address WHERE address ->> 'area' = ANY (klarsyn_scope('groups')))
$$;
--> statement-breakpoint
-- The same as records name them.
CREATE FUNCTION klarsyn_client_refs() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT no FROM refs WHERE tenant_id = current_setting('klarsyn.tenant', true) AND kind = 0
	AND id IN (SELECT klarsyn_clients())
$$;
--> statement-breakpoint
-- Units, as records name them: those named, of the providers named.
CREATE FUNCTION klarsyn_unit_refs() RETURNS SETOF integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT r.no FROM refs r WHERE r.tenant_id = current_setting('klarsyn.tenant', true) AND r.kind = 2
	AND (klarsyn_scope('units') IS NULL OR r.id = ANY (klarsyn_scope('units')))
	AND (klarsyn_scope('providers') IS NULL OR EXISTS (
		SELECT FROM units u JOIN refs p ON p.tenant_id = u.tenant_id AND p.no = u.provider_id
		WHERE u.tenant_id = r.tenant_id AND u.source_no = r.source_no AND u.id = r.id AND p.id = ANY (klarsyn_scope('providers'))))
$$;
--> statement-breakpoint
-- Lets the role see of a table what is the tenant's and, by the columns that it has, what is within the scope. Every
-- table with a tenant needs it. Each subquery is evaluated once a query, not once a row.
CREATE FUNCTION klarsyn_protect(name regclass) RETURNS void LANGUAGE plpgsql AS $protect$
DECLARE
	has text[] := ARRAY(SELECT attname || ' ' || format_type(atttypid, NULL) FROM pg_attribute
		WHERE attrelid = name AND attnum > 0 AND NOT attisdropped);
	rule text := $$tenant_id = (SELECT current_setting('klarsyn.tenant', true))$$;
	within text := $$ AND ((SELECT klarsyn_scope('%s')) IS NULL OR %s)$$;
	listed text := $$%I = ANY ((SELECT klarsyn_scope('%s'))::text[])$$;
BEGIN
	IF 'provider text' = ANY (has) THEN rule := rule || format(within, 'providers', format(listed, 'provider', 'providers')); END IF;
	IF 'unit text' = ANY (has) AND 'client text' = ANY (has) THEN rule := rule || format(within, 'units', format(listed, 'unit', 'units')); END IF;
	IF 'client text' = ANY (has) THEN rule := rule || format(within, 'groups', 'client IN (SELECT klarsyn_clients())'); END IF;
	IF 'units text[]' = ANY (has) AND 'areas text[]' = ANY (has) THEN
		rule := rule || format(within, 'units', $$units && (SELECT klarsyn_scope('units'))$$)
			|| format(within, 'groups', $$areas && (SELECT klarsyn_scope('groups'))$$);
	END IF;
	IF 'provider_id integer' = ANY (has) THEN
		rule := rule || format(within, 'providers', $$provider_id IN (SELECT no FROM refs WHERE kind = 3 AND id = ANY ((SELECT klarsyn_scope('providers'))::text[]))$$);
	END IF;
	IF 'unit_id integer' = ANY (has) THEN
		rule := rule || $$ AND (((SELECT klarsyn_scope('units')) IS NULL AND (SELECT klarsyn_scope('providers')) IS NULL)
			OR unit_id IN (SELECT klarsyn_unit_refs()))$$;
	END IF;
	IF 'client_id integer' = ANY (has) THEN
		rule := rule || format(within, 'groups', 'client_id IN (SELECT klarsyn_client_refs())');
	END IF;
	IF name IN ('clients'::regclass, 'clients_history'::regclass) THEN
		rule := rule || format(within, 'groups', 'id IN (SELECT klarsyn_clients())');
	END IF;
	IF name = 'settled_lines'::regclass THEN
		rule := rule || format(within, 'units', format($$content::jsonb ->> 'unit' = ANY ((SELECT klarsyn_scope('units'))::text[])$$));
	END IF;
	IF 'case_no text' = ANY (has) THEN
		rule := rule || format($$ AND ((SELECT klarsyn_all()) OR EXISTS (SELECT FROM cases c WHERE c.tenant_id = %1$s.tenant_id AND c.no = %1$s.case_no))$$, name);
	ELSIF 'finding_id text' = ANY (has) THEN
		rule := rule || format($$ AND ((SELECT klarsyn_all()) OR EXISTS (SELECT FROM findings f WHERE f.tenant_id = %1$s.tenant_id AND f.id = %1$s.finding_id))$$, name);
	END IF;
	EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
	EXECUTE format('CREATE POLICY within_scope ON %s TO klarsyn_app USING (%s)', name, rule);
END $protect$;
--> statement-breakpoint
DO $$
DECLARE
	name regclass;
BEGIN
	FOR name IN SELECT attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'tenant_id'
	LOOP
		PERFORM klarsyn_protect(name);
	END LOOP;
END $$;
