UPDATE dim_users SET loyalty_tier = DEFAULT WHERE loyalty_tier IS NULL;
