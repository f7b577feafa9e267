-- A message lives for milliseconds: to compress it costs more than the bytes it saves.
ALTER TABLE "outbox" ALTER COLUMN "body" SET STORAGE EXTERNAL;
