-- AlterTable
ALTER TABLE "Run" ADD COLUMN "loggedAt" DATETIME;

-- CreateTable
CREATE TABLE "Evaluation" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "sha256" TEXT,
    "record" JSONB NOT NULL,
    "storedAt" DATETIME NOT NULL
);

-- CreateIndex
CREATE INDEX "Evaluation_sha256_idx" ON "Evaluation"("sha256");
