namespace Mayfly;

/// <summary>The engines that a database can be seen through. Changing the word changes the engine.</summary>
public enum Engine
{
    /// <summary>PostgreSQL as Debian packages it.</summary>
    PostgreSql,

    /// <summary>MariaDB as Debian packages it; speaks MySQL's protocol.</summary>
    MariaDb,
}
