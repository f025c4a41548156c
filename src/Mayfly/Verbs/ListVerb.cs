using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>list</c>: the packages of the lock, and which images have them.</summary>
internal static class ListVerb
{
    public static Command Describe(Stack stack)
    {
        var set = new Argument<string?>("COMPONENT") { Description = "Only what this component has over the base; base and tools name those sets", Arity = ArgumentArity.ZeroOrOne };
        set.CompletionSources.Add([SetRequest.Base, ToolsName, .. stack.Components.Select(component => component.Name)]);
        var json = CommonOptions.Json();
        var command = new Command("list", "List the locked packages: version, archive, size, and who has them.\n\nExample: mayfly list examples/shop web") { set, json };
        command.SetAction(async (parsed, _) =>
        {
            await using var place = Workplace.Open(stack);
            var stackLock = place.Packages.RequireLock();
            var rows = Rows(stackLock, parsed.GetValue(set));
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(rows, ListJson.Default.IReadOnlyListListedPackage));
            else
                Show(rows, stackLock.Architecture);
            return 0;
        });
        return command;
    }

    private static string ToolsName => Packages.Tools.ToolSet.Request.Name;

    internal static IReadOnlyList<ListedPackage> Rows(StackLock stackLock, string? only)
    {
        if (only is not null && stackLock.Sets.All(set => set.Name != only))
            throw new MayflyException($"stack.lock has no set {only}", $"its sets are {string.Join(", ", stackLock.Sets.Select(set => set.Name))}");
        var sets = stackLock.Sets.SelectMany(set => stackLock.PackagesOf(set).Select(id => (id, set.Name))).ToLookup(pair => pair.id, pair => pair.Name, StringComparer.Ordinal);
        return
        [
            .. stackLock.Packages.Where(package => only is null || sets[package.Id].Contains(only))
                .Select(package => new ListedPackage(package.Name, package.Version, package.Architecture, package.Release, package.Size, [.. sets[package.Id].Order(StringComparer.Ordinal)])),
            .. stackLock.Environments.SelectMany(static environment => environment.Wheels.Select(wheel => (environment.Set, Wheel: wheel.AsPackage()))).GroupBy(static one => one.Wheel.Sha256)
                .Select(static group => (group.First().Wheel, Sets: group.Select(static one => one.Set).Distinct().Order(StringComparer.Ordinal).ToArray()))
                .Where(one => only is null || one.Sets.Contains(only)).OrderBy(static one => one.Wheel.Name, StringComparer.Ordinal)
                .Select(static one => new ListedPackage(one.Wheel.Name, one.Wheel.Version, one.Wheel.Architecture, one.Wheel.Release, one.Wheel.Size, one.Sets)),
        ];
    }

    private static void Show(IReadOnlyList<ListedPackage> rows, string native)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("package", "version", "archive").AddColumn(new TableColumn("size").RightAligned()).AddColumn("in");
        foreach (var row in rows)
            table.AddRow(new Text(row.Architecture == "all" || row.Architecture == native ? row.Name : row.Id), new Text(row.Version), new Text(row.Release), new Text(Kilobytes(row.Size)), new Text(string.Join(" ", row.Sets)));
        Screen.Out.Write(table);
        Screen.Out.WriteLine($"{Counted.Of(rows.Count, "package")}, {Kilobytes(rows.Sum(row => row.Size))} packed");
    }

    private static string Kilobytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000.0:0.0} kB");
}

internal sealed record ListedPackage(string Name, string Version, string Architecture, string Release, long Size, IReadOnlyList<string> Sets)
{
    [JsonIgnore]
    public string Id => $"{Name}:{Architecture}";

    /// <summary>Unique in a lock: environments may have several versions of a project.</summary>
    [JsonIgnore]
    public (string, string) Key => (Id, Version);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<ListedPackage>))]
internal sealed partial class ListJson : JsonSerializerContext;
