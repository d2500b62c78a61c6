-- closes: the raise that a clear answers.
ALTER TABLE messages ADD COLUMN closes INTEGER;
