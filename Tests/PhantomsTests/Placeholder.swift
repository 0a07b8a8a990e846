// PhantomsTests
