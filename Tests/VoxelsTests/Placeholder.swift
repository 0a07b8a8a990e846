// VoxelsTests
