-- AlterTable
ALTER TABLE "Run" ADD COLUMN "outcome" TEXT;

-- CreateTable
CREATE TABLE "LayerLog" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "layer" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "values" JSONB NOT NULL,
    "histograms" JSONB NOT NULL,
    CONSTRAINT "LayerLog_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Picture" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "seed" INTEGER,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "png" BLOB NOT NULL,
    CONSTRAINT "Picture_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Batch" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "storedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Upload" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "run" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "fileName" TEXT NOT NULL,
    "bytes" BIGINT,
    "sha256" TEXT,
    "config" JSONB,
    "network" TEXT,
    "state" TEXT NOT NULL,
    "problem" TEXT,
    "checkpointId" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "touchedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Token" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revokedAt" DATETIME
);

-- CreateIndex
CREATE INDEX "LayerLog_runId_layer_step_idx" ON "LayerLog"("runId", "layer", "step");

-- CreateIndex
CREATE UNIQUE INDEX "LayerLog_runId_step_layer_key" ON "LayerLog"("runId", "step", "layer");

-- CreateIndex
CREATE INDEX "Picture_runId_step_idx" ON "Picture"("runId", "step");

-- CreateIndex
CREATE INDEX "Batch_storedAt_idx" ON "Batch"("storedAt");

-- CreateIndex
CREATE INDEX "Upload_state_touchedAt_idx" ON "Upload"("state", "touchedAt");

-- CreateIndex
CREATE INDEX "Upload_run_createdAt_idx" ON "Upload"("run", "createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "Token_name_key" ON "Token"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Token_hash_key" ON "Token"("hash");
