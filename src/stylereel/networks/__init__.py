"""Networks: modules that know no files and no losses."""
