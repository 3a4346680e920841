-- CreateTable
CREATE TABLE "Run" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "teacherName" TEXT,
    "method" TEXT NOT NULL,
    "bits" TEXT NOT NULL,
    "colour" INTEGER,
    "settings" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Checkpoint" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "revision" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "teacherSha256" TEXT,
    "bytes" BIGINT NOT NULL,
    "fileName" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "assumptions" JSONB NOT NULL,
    "ledger" JSONB NOT NULL,
    "timesteps" JSONB NOT NULL,
    "protocol" JSONB,
    "output" JSONB,
    "outputSqnr" REAL,
    "samples" JSONB,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Checkpoint_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Layer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "checkpointId" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "layerId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "macs" REAL NOT NULL,
    "weightSqnr" REAL,
    "meanSqnr" REAL,
    "layer" JSONB NOT NULL,
    "precision" JSONB NOT NULL,
    "weights" JSONB NOT NULL,
    "rank" INTEGER,
    "series" BLOB,
    CONSTRAINT "Layer_checkpointId_fkey" FOREIGN KEY ("checkpointId") REFERENCES "Checkpoint" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Scalar" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "runId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "value" REAL NOT NULL,
    CONSTRAINT "Scalar_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Share" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tokenHash" TEXT NOT NULL,
    "view" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateTable
CREATE TABLE "Blob" (
    "sha256" TEXT NOT NULL PRIMARY KEY,
    "bytes" BIGINT NOT NULL,
    "storedAt" DATETIME NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "Run_name_key" ON "Run"("name");

-- CreateIndex
CREATE INDEX "Run_updatedAt_idx" ON "Run"("updatedAt");

-- CreateIndex
CREATE INDEX "Checkpoint_sha256_idx" ON "Checkpoint"("sha256");

-- CreateIndex
CREATE UNIQUE INDEX "Checkpoint_runId_step_sha256_key" ON "Checkpoint"("runId", "step", "sha256");

-- CreateIndex
CREATE UNIQUE INDEX "Checkpoint_runId_step_revision_key" ON "Checkpoint"("runId", "step", "revision");

-- CreateIndex
CREATE INDEX "Layer_layerId_checkpointId_idx" ON "Layer"("layerId", "checkpointId");

-- CreateIndex
CREATE UNIQUE INDEX "Layer_checkpointId_layerId_key" ON "Layer"("checkpointId", "layerId");

-- CreateIndex
CREATE INDEX "Scalar_runId_name_step_idx" ON "Scalar"("runId", "name", "step");

-- CreateIndex
CREATE UNIQUE INDEX "Share_tokenHash_key" ON "Share"("tokenHash");
