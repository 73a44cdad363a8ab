-- The checkout as a team would put it into PostgreSQL: one function, one transaction, one round trip.
-- Pages of tables that are updated keep room, so that an update stays on its page and touches no index.
CREATE TABLE member (
  id bigint PRIMARY KEY,
  business_day integer NOT NULL DEFAULT 0,
  earned_today bigint NOT NULL DEFAULT 0,
  ten_minutes bigint NOT NULL DEFAULT 0,
  orders integer NOT NULL DEFAULT 0,
  orders_before integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE lot (
  member bigint NOT NULL,
  last_day integer NOT NULL,
  points bigint NOT NULL CHECK (points >= 0),
  PRIMARY KEY (member, last_day)
) WITH (fillfactor = 50);

CREATE TABLE sale (
  venue text NOT NULL,
  order_id text NOT NULL,
  member bigint NOT NULL,
  occurred_at_unix_ms bigint NOT NULL,
  amount_minor bigint NOT NULL,
  points_to_use bigint NOT NULL,
  receipt text NOT NULL,
  PRIMARY KEY (venue, order_id)
);

CREATE TABLE event (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  venue text NOT NULL,
  order_id text NOT NULL,
  member bigint NOT NULL,
  receipt text NOT NULL,
  expired bigint NOT NULL
);
