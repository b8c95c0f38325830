-- +goose Up
CREATE TABLE feed_subscription (
    id TEXT PRIMARY KEY, application TEXT NOT NULL, dataset TEXT NOT NULL, fields TEXT NOT NULL, row_filter TEXT NOT NULL,
    purpose TEXT NOT NULL, topic TEXT NOT NULL, made TEXT NOT NULL, made_by TEXT NOT NULL,
    -- Empty until it has ended, and why.
    ended TEXT NOT NULL, reason TEXT NOT NULL,
    -- What the brokers acknowledged: where to go on, the version that is delivered as a whole, the number of events.
    place TEXT NOT NULL, version BIGINT NOT NULL, events BIGINT NOT NULL, delivered TEXT NOT NULL, trouble TEXT NOT NULL,
    -- Which process delivers it, and until when it may.
    holder TEXT NOT NULL, held_until TEXT NOT NULL
);
CREATE INDEX feed_subscription_application ON feed_subscription (application, made);
-- Two subscriptions in one topic could not be told apart by the keys of their events.
CREATE UNIQUE INDEX feed_subscription_topic ON feed_subscription (topic) WHERE ended = '';

-- +goose Down
DROP TABLE feed_subscription;
