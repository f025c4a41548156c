using Tomlyn;
using Tomlyn.Parsing;

namespace Mayfly.Packages.Debian;

/// <summary>
/// What the user says about where a distribution comes from: its table (<c>[debian]</c>) of <c>/etc/mayfly/config.toml</c>, over it
/// <c>~/.config/mayfly/config.toml</c>, over it what stack.cs names, over all <c>MAYFLY_MIRROR</c> and <c>MAYFLY_SECURITY_MIRROR</c>.
/// </summary>
/// <example><code>
/// [debian]
/// mirror = "http://…/debian"             # the folder with dists/ and pool/
/// security = "http://…/debian-security"  # or "none"
/// components = ["main"]
/// keys = ["/etc/mayfly/our-archive.asc"] # trusted besides the archive's own
/// snapshots = "http://…/archive/{archive}/{date}"
/// snapshot = "2026-09-01"
///
/// [depot]
/// addresses = ["http://…:8888/", "/srv/depot"] # asked before the mirror; with mirror = "none" they are all there is
/// keys = ["/etc/mayfly/depot.asc"]             # who may sign their indexes
/// </code></example>
public sealed record DebianConfiguration
{
    public const string SystemFile = "/etc/mayfly/config.toml";

    /// <summary>What <see cref="Mirror"/> and <see cref="Security"/> say for none.</summary>
    public const string None = "none";

    /// <summary>The archive's root, or <c>none</c> when only the depots are to be used.</summary>
    public string? Mirror { get; init; }

    /// <summary>The security archive's root, or <c>none</c>.</summary>
    public string? Security { get; init; }

    /// <summary>Null for those that the host's apt uses, else <c>main</c>.</summary>
    public IReadOnlyList<string>? Components { get; init; }

    /// <summary>Files with public keys, ASCII-armoured or binary, trusted besides those that Mayfly brings.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Roots of depots: addresses, or paths of folders. Null for none said.</summary>
    public IReadOnlyList<string>? Depots { get; init; }

    /// <summary>Files with the public keys that depots are signed with.</summary>
    public IReadOnlyList<string> DepotKeys { get; init; } = [];

    /// <summary>The address of a service that keeps every state of the archive, with <c>{archive}</c> and <c>{date}</c> in it.</summary>
    public string? Snapshots { get; init; }

    /// <summary>The day to take everything from, such as <c>2026-09-01</c>; null for today.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The user's own file.</summary>
    public static string UserFile => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } home ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "mayfly", "config.toml");

    /// <summary>Reads files and environment.</summary>
    /// <param name="stack">What stack.cs names, or null.</param>
    /// <param name="table">The distribution that it is about.</param>
    public static DebianConfiguration Read(DebianConfiguration? stack = null, string table = "debian") =>
        Read([SystemFile, UserFile], Environment.GetEnvironmentVariable, stack, table);

    internal static DebianConfiguration Read(IEnumerable<string> files, Func<string, string?> environment, DebianConfiguration? stack, string table = "debian")
    {
        var configuration = new DebianConfiguration();
        foreach (var file in files.Where(File.Exists))
            configuration = configuration.Under(Parse(file, table));
        return configuration.Under(stack ?? new DebianConfiguration()).Under(new DebianConfiguration
        {
            Mirror = environment("MAYFLY_MIRROR") is { Length: > 0 } mirror ? mirror : null,
            Security = environment("MAYFLY_SECURITY_MIRROR") is { Length: > 0 } security ? security : null,
            Depots = environment("MAYFLY_DEPOT") is { Length: > 0 } depots ? depots.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : null,
            DepotKeys = environment("MAYFLY_DEPOT_KEY") is { Length: > 0 } key ? [key] : [],
        });
    }

    /// <summary>This one, with everything that <paramref name="over"/> says in place of what this one says.</summary>
    internal DebianConfiguration Under(DebianConfiguration over) => new()
    {
        Mirror = over.Mirror ?? Mirror,
        Security = over.Security ?? Security,
        Components = over.Components ?? Components,
        Keys = [.. Keys, .. over.Keys],
        Depots = over.Depots ?? Depots,
        DepotKeys = [.. DepotKeys, .. over.DepotKeys],
        Snapshots = over.Snapshots ?? Snapshots,
        Snapshot = over.Snapshot ?? Snapshot,
    };

    private static DebianConfiguration Parse(string file, string table)
    {
        var configuration = new DebianConfiguration();
        try
        {
            foreach (var (key, values, line) in Values(File.ReadAllText(file)))
            {
                // Tables of other distributions are for stacks of those.
                var of = key.Split('.')[0];
                if (of != table && of != "depot")
                    continue;
                configuration = (of == table ? key[(table.Length + 1)..] : key) switch
                {
                    "mirror" => configuration with { Mirror = One(values) },
                    "security" => configuration with { Security = One(values) },
                    "components" => configuration with { Components = values },
                    "keys" => configuration with { Keys = values },
                    "depot.addresses" => configuration with { Depots = values },
                    "depot.keys" => configuration with { DepotKeys = values },
                    "snapshots" => configuration with { Snapshots = One(values) },
                    "snapshot" => configuration with { Snapshot = One(values) },
                    _ => throw Refused($"knows no key {key}"),
                };

                string One(IReadOnlyList<string> all) => all is [var only] ? only : throw Refused($"{key} is one text");
                MayflyException Refused(string why) => new($"{file}:{line}: {why}", $"the keys of [{table}] are mirror, security, components, keys, snapshots and snapshot, those of [depot] addresses and keys");
            }
        }
        catch (TomlException e)
        {
            throw new MayflyException($"{file} is not TOML: {e.Message}", "mend that line, or remove the file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{file} cannot be read: {e.Message}", "make it readable, or remove it", e);
        }

        return configuration;
    }

    /// <summary>Every text of the document by its dotted key.</summary>
    private static IEnumerable<(string Key, IReadOnlyList<string> Values, int Line)> Values(string text)
    {
        var parser = TomlParser.Create(text, TomlSerializerOptions.Default);
        var path = new List<string>();
        var (property, array, values, line) = ("", 0, new List<string>(), 0);
        while (parser.MoveNext())
        {
            var now = parser.Current;
            switch (now.Kind)
            {
                case TomlParseEventKind.PropertyName:
                    (property, line) = (parser.GetPropertyName(), now.Line);
                    break;
                case TomlParseEventKind.StartTable:
                    path.Add(property);
                    property = "";
                    break;
                case TomlParseEventKind.EndTable:
                    path.RemoveAt(path.Count - 1);
                    break;
                case TomlParseEventKind.StartArray:
                    array++;
                    break;
                case TomlParseEventKind.EndArray when --array == 0:
                    yield return (Key(), values, line);
                    values = [];
                    break;
                case TomlParseEventKind.String when array > 0:
                    values.Add(parser.GetString() ?? "");
                    break;
                case TomlParseEventKind.String:
                    yield return (Key(), [parser.GetString() ?? ""], line);
                    break;
                case TomlParseEventKind.Integer or TomlParseEventKind.Float or TomlParseEventKind.Boolean or TomlParseEventKind.DateTime when array == 0:
                    // Never a text: whoever wants one refuses the empty list.
                    yield return (Key(), [], line);
                    break;
            }
        }

        string Key() => string.Join('.', path.Append(property).Where(static part => part.Length > 0));
    }
}
