using System.Text.Json;
using System.Text.Json.Nodes;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>An environment that one build alone sees, and the backend in it (PEP 517, "Build environment").</summary>
/// <param name="place">Where it runs.</param>
/// <param name="environment">The folder of the environment, which has what building needs.</param>
/// <param name="project">What the sources say of their build.</param>
/// <param name="folder">The sources.</param>
/// <param name="name">How they are called in messages.</param>
/// <param name="work">A folder for what is asked and answered.</param>
/// <param name="settings">What the backend is told.</param>
internal sealed class BuildEnvironment(IBuildPlace place, string environment, PythonProject project, string folder, string name, string work, IReadOnlyList<(string Name, string Value)> settings)
{
    /// <summary>1980-01-01, the first day of zip archives: the date of whatever a build dates (reproducible-builds.org/specs/source-date-epoch).</summary>
    private const string Epoch = "315532800";

    /// <summary>The folder of the script, which is in none that a project sees.</summary>
    private string Script => $"{work}/build.py";

    /// <summary>Calls a hook, whose answer may be anything; null where the backend has no such hook.</summary>
    /// <param name="hook">Its name.</param>
    /// <param name="folders">What it is given: folders in that of work.</param>
    /// <param name="store">Keeps what a failing one said.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">It fails; the message has the end of what it said.</exception>
    public async Task<JsonElement?> CallAsync(string hook, IReadOnlyList<string> folders, Store store, CancellationToken cancellationToken)
    {
        var (order, answer) = ($"{work}/order.json", $"{work}/answer.json");
        // It is there before, since a place may let nobody make names in the folder of work.
        File.WriteAllText(answer, "");
        File.WriteAllText(Script, EmbeddedText.Of("build.py"));
        File.WriteAllText(order, new JsonObject
        {
            ["backend"] = project.BuildBackend,
            ["backend_path"] = new JsonArray([.. project.BackendPath.Select(static one => (JsonNode)one)]),
            ["hook"] = hook,
            ["arguments"] = new JsonArray([.. folders.Select(one => (JsonNode)There(one))]),
            ["settings"] = Settings(),
            ["answer"] = There(answer),
        }.ToJsonString());
        var (code, said) = await RunAsync([There(Script), There(order)], cancellationToken).ConfigureAwait(false);
        const int Most = 16 << 20;
        if (code != 0 || new FileInfo(answer).Length is 0 or > Most)
            throw Failed(hook, code == 0 ? "it ended without an answer" : $"it ended with exit code {code}", said, store);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(answer));
            var root = document.RootElement;
            if (root.TryGetProperty("error", out var error))
                throw new MayflyException($"{name} cannot be built: {error.GetString()}", "the project must mend its [build-system] (PEP 517); take another version of it, or a wheel");
            return root.TryGetProperty("missing", out _) ? null : root.GetProperty("value").Clone();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Failed(hook, "its answer cannot be read", said, store);
        }
    }

    /// <summary>Of a name that comes several times all values, as pip has it.</summary>
    private JsonObject Settings() => new(settings.GroupBy(static one => one.Name).Select(static group => KeyValuePair.Create(group.Key, group.ToArray() is [var (_, only)] ? (JsonNode?)only : new JsonArray([.. group.Select(static one => (JsonNode)one.Value)]))));

    private Task<(int Code, string Said)> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        return place.RunAsync(work, environment, ["-s", .. arguments], folder,
        [
            // A wheel that is built twice shall be the same: no date, no order of a hash table, no language, no path of this build.
            ("SOURCE_DATE_EPOCH", Epoch), ("PYTHONHASHSEED", "0"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("CFLAGS", $"-ffile-prefix-map={There(folder)}=."),
            ("PYTHONNOUSERSITE", "1"), ("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONUNBUFFERED", "1"), ("PYTHONIOENCODING", "utf-8"),
        ], cancellationToken);
    }

    private string There(string path) => place.PathOf(work, path);

    private MayflyException Failed(string hook, string why, string said, Store store)
    {
        var message = $"{name} cannot be built: {why} in {project.BuildBackend}, {hook}";
        if (said.Trim().Length == 0)
            return new MayflyException($"{message}, and said nothing", "ask the project what its build needs, or take another version of it or a wheel");
        return new MayflyException($"{message}:\n{HeardProcess.EndOf(said)}",
            $"all that it said is in {HeardProcess.Keep(store, $"wheel-{Path.GetFileName(name.TrimEnd('/'))}", said)}; {BuildNeeds.Missing(said, place) ?? $"a build needs {place.Where} what the project's own documentation names, such as a compiler or headers"}");
    }
}
