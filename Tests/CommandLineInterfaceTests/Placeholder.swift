// CommandLineInterfaceTests
