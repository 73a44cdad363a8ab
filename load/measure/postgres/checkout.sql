-- The checkout of load/measure/scripts/: given the same, it answers the same. The members' rows are there; their
-- lock makes one member's checkouts take effect one after another.
CREATE FUNCTION checkout(
  in_venue text, in_order text, in_member bigint, at_unix_ms bigint, amount bigint, points bigint, today integer,
  ends integer, cap bigint, orders_max integer
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  known sale%ROWTYPE;
  state member%ROWTYPE;
  burnt RECORD;
  ten_minutes_now bigint := at_unix_ms / 600000;
  ends_first bigint;
  available bigint;
  earned bigint := (amount - points * 3) / 1000;
  used bigint := points;
  still_to_use bigint;
  taken bigint;
  gone bigint := 0;
  outcome text := 'done';
  answer text;
BEGIN
  SELECT * INTO STRICT state FROM member WHERE id = in_member FOR UPDATE;
  SELECT * INTO known FROM sale WHERE venue = in_venue AND order_id = in_order;
  IF FOUND THEN
    RETURN CASE
      WHEN known.member <> in_member THEN 'refused member'
      WHEN known.occurred_at_unix_ms <> at_unix_ms THEN 'refused occurred_at'
      WHEN known.amount_minor <> amount THEN 'refused amount'
      WHEN known.points_to_use <> points THEN 'refused points'
      ELSE 'known ' || known.receipt
    END;
  END IF;

  SELECT coalesce(sum(lot.points), 0), min(last_day) INTO available, ends_first
  FROM lot WHERE member = in_member;
  IF ends_first < today THEN
    WITH ended AS (DELETE FROM lot WHERE member = in_member AND last_day < today RETURNING lot.points)
    SELECT sum(ended.points) INTO gone FROM ended;
    available := available - gone;
  END IF;
  IF state.business_day <> today THEN
    state.business_day := today;
    state.earned_today := 0;
  END IF;
  IF state.ten_minutes <> ten_minutes_now THEN
    state.orders_before := CASE WHEN state.ten_minutes = ten_minutes_now - 1 THEN state.orders ELSE 0 END;
    state.orders := 0;
    state.ten_minutes := ten_minutes_now;
  END IF;

  IF points > 0 THEN
    IF points % 100 <> 0 THEN RETURN 'refused steps'; END IF;
    IF points > available THEN RETURN 'refused balance'; END IF;
    IF points * 3 * 100 > amount * 15 THEN RETURN 'refused share'; END IF;
  END IF;

  IF state.orders + state.orders_before * (600000 - at_unix_ms % 600000) / 600000 >= orders_max THEN
    outcome := 'declined';
    earned := 0;
    used := 0;
  ELSE
    earned := greatest(0, least(earned, cap - state.earned_today));
    still_to_use := used;
    IF used > 0 THEN
      FOR burnt IN SELECT * FROM lot WHERE member = in_member ORDER BY last_day LOOP
        EXIT WHEN still_to_use = 0;
        taken := least(still_to_use, burnt.points);
        still_to_use := still_to_use - taken;
        UPDATE lot SET points = lot.points - taken WHERE member = in_member AND last_day = burnt.last_day;
      END LOOP;
    END IF;
    INSERT INTO lot AS had (member, last_day, points) VALUES (in_member, ends, earned)
    ON CONFLICT (member, last_day) DO UPDATE SET points = had.points + excluded.points;
    UPDATE member SET
      business_day = state.business_day, earned_today = state.earned_today + earned,
      ten_minutes = state.ten_minutes, orders = state.orders + 1, orders_before = state.orders_before
    WHERE id = in_member;
    available := available + earned - used;
  END IF;

  answer := outcome || ' ' || earned || ' ' || used || ' ' || available;
  -- Another member's checkout of the same order at the same time fails on the key, and finds it known when it
  -- is sent again.
  INSERT INTO sale VALUES (in_venue, in_order, in_member, at_unix_ms, amount, points, answer);
  INSERT INTO event (venue, order_id, member, receipt, expired)
  VALUES (in_venue, in_order, in_member, answer, gone);
  RETURN 'new ' || answer;
END
$$;
