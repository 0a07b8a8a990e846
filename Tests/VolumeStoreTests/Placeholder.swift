// VolumeStoreTests
