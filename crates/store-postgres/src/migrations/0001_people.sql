-- People, their templates (one a photo) and the photos that are kept.

-- What these tables are of: the model, and a number that grows with every change.
CREATE TABLE facenet.about (
    key text PRIMARY KEY,
    value text NOT NULL
);

-- Names are compared byte by byte, as the program does, whatever the database's language.
-- `mean` is what a face is compared with: the mean template, made by the program.
CREATE TABLE facenet.people (
    name text COLLATE "C" PRIMARY KEY,
    enrolled bigint NOT NULL,
    consent text,
    mean real[] NOT NULL CHECK (cardinality(mean) = 128)
);
ALTER TABLE facenet.people ALTER COLUMN mean SET STORAGE PLAIN;

CREATE TABLE facenet.templates (
    name text COLLATE "C" NOT NULL
        REFERENCES facenet.people ON UPDATE CASCADE ON DELETE CASCADE,
    number integer NOT NULL,
    added bigint NOT NULL,
    encoding real[] NOT NULL CHECK (cardinality(encoding) = 128),
    PRIMARY KEY (name, number)
);
ALTER TABLE facenet.templates ALTER COLUMN encoding SET STORAGE PLAIN;

CREATE TABLE facenet.photos (
    name text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    photo bytea NOT NULL,
    PRIMARY KEY (name, number),
    FOREIGN KEY (name, number)
        REFERENCES facenet.templates ON UPDATE CASCADE ON DELETE CASCADE
);
