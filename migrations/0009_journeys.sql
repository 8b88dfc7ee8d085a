CREATE TABLE "journeys" (
	"tenant_id" text NOT NULL,
	"router" text NOT NULL,
	"mode" text NOT NULL,
	"from_place" bigint NOT NULL,
	"to_place" bigint NOT NULL,
	"seconds" integer,
	"asked_at" timestamp with time zone NOT NULL,
	CONSTRAINT "journeys_one_per_mode_and_places" PRIMARY KEY("tenant_id","router","mode","from_place","to_place")
);
