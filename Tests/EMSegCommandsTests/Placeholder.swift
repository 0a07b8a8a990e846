// EMSegCommandsTests
