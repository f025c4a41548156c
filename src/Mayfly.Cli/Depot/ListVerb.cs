using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Packages.Depots;
using Mayfly.Packages.Python;
using Mayfly.Verbs;

namespace Mayfly.Cli.Depot;

/// <summary><c>mayfly depot list</c></summary>
internal static class ListVerb
{
    public static Command Create(Option<string[]> key)
    {
        var depot = new Argument<string>("DEPOT") { Description = "Its folder or its address" };
        var project = new Argument<string?>("PROJECT") { Description = "Only the wheels of this project, with all that is known of them", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new ExampledCommand("list", "List the locks and wheels of a depot", "mayfly depot list /srv/depot", "mayfly depot list /srv/depot django --json") { depot, project, key, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            var (output, wanted) = (result.InvocationConfiguration.Output, result.GetValue(project));
            var (root, keys) = DepotVerb.Named(result.GetValue(depot)!, result.GetValue(key));
            var found = await DepotListing.ReadAsync(root, keys, cancellationToken);
            var names = found.Locks.ToLookup(static one => one.Sha256, static one => one.Name);
            var wheels = found.Wheels.Where(wheel => wanted is null || wheel.ReadName().Project == ProjectName.Parse(wanted)).Select(wheel => Row(wheel, names)).ToArray();
            if (wanted is not null && wheels is [])
                throw new MayflyException($"the depot has no wheel of {wanted}", "mayfly depot list DEPOT shows all that it has");
            if (result.GetValue(json))
            {
                var locks = wanted is not null ? [] : found.Locks.Select(static one => new ListedLock(one.Name, one.IsPython ? "python" : "stack", one.Sha256, one.Published)).ToArray();
                output.WriteLine(JsonSerializer.Serialize(new ListedDepot(locks, wanted is not null ? new Dictionary<string, int>() : found.Packages, wheels), DepotJson.Default.ListedDepot));
                return ExitCode.Done;
            }

            if (wanted is not null)
            {
                foreach (var wheel in wheels)
                    Show(wheel, output);
                return ExitCode.Done;
            }

            foreach (var one in found.Locks)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{one.Name}: {(one.IsPython ? "Python packages" : "a stack")}, published {one.Published.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"));
            if (found.Packages.Count > 0)
                output.WriteLine($"{Counted.Of(found.Packages.Values.Sum(), "package")} in {string.Join(", ", found.Packages.Select(static suite => $"{suite.Key} ({suite.Value})"))}");
            output.WriteLine(Counted.Of(wheels.Length, "wheel"));
            var width = wheels.Select(static wheel => wheel.File.Length).Append(0).Max() + 2;
            foreach (var wheel in wheels)
                output.WriteLine($"  {wheel.File.PadRight(width)}{wheel.Licence ?? "licence not read"}{(wheel.BuiltFrom is null ? "" : $", built from {wheel.BuiltFrom.File}")}{(wheel.Yanked ? ", withdrawn" : "")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static ListedWheel Row(DepotWheel wheel, ILookup<string, string> names) => new(wheel.ReadName().Project.Text, wheel.ReadName().Version.ToString(), wheel.File, wheel.Size, wheel.Sha256,
        wheel.RequiresPython.Length > 0 ? wheel.RequiresPython : null, wheel.Licence, wheel.Yanked is not null, wheel.Yanked is { Length: > 0 } reason ? reason : null,
        wheel.Origin is { } origin ? new ListedInput(origin.Sources.File, origin.Sources.Sha256) : null, wheel.Origin?.Interpreter, [.. (wheel.Origin?.With ?? []).Select(static one => new ListedInput(one.File, one.Sha256))],
        wheel.Published, [.. wheel.Locks.SelectMany(one => names[one]).Distinct().Order(StringComparer.Ordinal)]);

    private static void Show(ListedWheel wheel, TextWriter output)
    {
        output.WriteLine($"{wheel.File}\n  {DepotVerb.Megabytes(wheel.Size)}, sha256 {wheel.Sha256}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  published {wheel.Published.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC with {string.Join(", ", wheel.Locks)}"));
        output.WriteLine($"  licence: {wheel.Licence ?? "not read"}{(wheel.RequiresPython is null ? "" : $"\n  for Python {wheel.RequiresPython}")}{(wheel.Yanked ? $"\n  withdrawn by its project{(wheel.YankedReason is null ? "" : $": {wheel.YankedReason}")}" : "")}");
        if (wheel.BuiltFrom is { } sources)
            output.WriteLine($"  built from {sources.File}, sha256 {sources.Sha256}\n  by {wheel.BuiltBy}{string.Concat(wheel.BuiltWith.Select(static one => $"\n  with {one.File}, sha256 {one.Sha256}"))}");
    }
}

internal sealed record ListedDepot(IReadOnlyList<ListedLock> Locks, IReadOnlyDictionary<string, int> Packages, IReadOnlyList<ListedWheel> Wheels);

/// <param name="Kind"><c>stack</c> or <c>python</c>.</param>
internal sealed record ListedLock(string Name, string Kind, string Sha256, DateTimeOffset Published);

internal sealed record ListedWheel(string Project, string Version, string File, long Size, string Sha256, string? RequiresPython, string? Licence, bool Yanked, string? YankedReason,
    ListedInput? BuiltFrom, string? BuiltBy, IReadOnlyList<ListedInput> BuiltWith, DateTimeOffset Published, IReadOnlyList<string> Locks);

internal sealed record ListedInput(string File, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListedDepot))]
internal sealed partial class DepotJson : JsonSerializerContext;
