using Mayfly.Presets;

namespace Mayfly;

/// <summary>
/// A component seen through an engine: one database of the component's own name and one user of the same name whose
/// password Mayfly makes and keeps as a secret. Its users are given <c>DATABASE_URL</c>.
/// </summary>
public sealed class Database : Component
{
    internal Database(Stack stack, string name, Engine engine) : base(stack, name) => Engine = engine;

    /// <summary>The engine that stores it.</summary>
    public Engine Engine { get; }

    /// <summary>The database's and its user's name: the component's, with underscores for hyphens.</summary>
    internal string Identifier => Name.Replace('-', '_');

    /// <summary>The name of the secret that holds the user's password.</summary>
    internal string Password => $"{Name}-password";

    private protected override ServicePreset Describe() => Engine switch
    {
        Engine.PostgreSql => PostgreSqlPreset.Build(new PostgreSqlOptions { Database = Identifier, PasswordSecret = Password }),
        Engine.MariaDb => MariaDbPreset.Build(new MariaDbOptions { Database = Identifier, PasswordSecret = Password }),
        _ => throw new MayflyException($"database {Name} names an engine that does not exist: {Engine}", "use Engine.PostgreSql or Engine.MariaDb"),
    };
}
