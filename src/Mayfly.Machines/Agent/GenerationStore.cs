using System.Globalization;
using System.Text.Json;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Agent;

/// <summary>
/// The generations of each stack on the disk: <c>stacks/&lt;stack&gt;/generations/&lt;number&gt;.json</c> and <c>stacks/&lt;stack&gt;/current</c>.
/// </summary>
/// <remarks>
/// What it keeps: every generation that went live, and which of them should run with the ids of its instances. How it changes: a file
/// is written beside, synced, and renamed; <c>current</c> last, so that it never names a generation that is not whole.
/// The ids are a help and not the truth: after a reboot none of them runs, and the specs alone bring the stack back.
/// </remarks>
internal sealed class GenerationStore(Store store)
{
    private const string CurrentName = "current";

    /// <summary>The stacks that should run.</summary>
    public IReadOnlyList<string> Stacks() =>
        [.. Directory.EnumerateDirectories(store.Folder(StoreArea.Stacks))
            .Where(folder => File.Exists(Path.Combine(folder, CurrentName)))
            .Select(folder => Path.GetFileName(folder)!)
            .Order(StringComparer.Ordinal)];

    /// <summary>The generation that should run and its instances' ids when it went live; null when the stack is down.</summary>
    public (Generation Generation, IReadOnlyList<string> Instances)? Read(string stack)
    {
        try
        {
            var current = JsonSerializer.Deserialize(File.ReadAllBytes(CurrentPath(stack)), AgentJson.Default.CurrentGeneration)!;
            var generation = JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(stack, current.Number)), AgentJson.Default.Generation)!;
            return (generation, current.Instances);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new MayflyException($"the record of what should run of stack {stack} cannot be read: {e.Message}",
                $"remove {CurrentPath(stack)} and run 'up' again", e);
        }
    }

    public void Write(Generation generation, IReadOnlyList<string> instances)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(generation.Stack, generation.Number))!);
        Write(PathOf(generation.Stack, generation.Number), JsonSerializer.SerializeToUtf8Bytes(generation, AgentJson.Default.Generation));
        Write(CurrentPath(generation.Stack), JsonSerializer.SerializeToUtf8Bytes(new CurrentGeneration(generation.Number, instances), AgentJson.Default.CurrentGeneration));
    }

    /// <summary>The stack should not run any more. Its generations stay for rolling back.</summary>
    public void Clear(string stack)
    {
        var folder = Path.GetDirectoryName(CurrentPath(stack))!;
        if (!Directory.Exists(folder))
            return;
        File.Delete(CurrentPath(stack));
        Files.SyncFolder(folder);
    }

    /// <summary>The newest generations of each stack, live or down: what rolling back may need.</summary>
    public IEnumerable<Generation> Newest(int count) =>
        Directory.EnumerateDirectories(store.Folder(StoreArea.Stacks))
            .Select(folder => Path.Combine(folder, "generations"))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.json")
                .OrderByDescending(file => int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture)).Take(count))
            .Select(file => JsonSerializer.Deserialize(File.ReadAllBytes(file), AgentJson.Default.Generation)!);

    private string CurrentPath(string stack) => Path.Combine(store.PathOf(StoreArea.Stacks, stack), CurrentName);

    private string PathOf(string stack, int number) =>
        Path.Combine(store.PathOf(StoreArea.Stacks, stack), "generations", number.ToString(CultureInfo.InvariantCulture) + ".json");

    private static void Write(string path, byte[] contents)
    {
        // Going back to what is written already must need no room: that is what a full disk makes a command do.
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(contents))
            return;
        var beside = path + ".new";
        try
        {
            using var file = new FileStream(beside, FileMode.Create, FileAccess.Write);
            file.Write(contents);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }

        Files.Rename(beside, path);
        Files.SyncFolder(Path.GetDirectoryName(path)!);
    }
}

/// <summary>Which generation should run.</summary>
internal sealed record CurrentGeneration(int Number, IReadOnlyList<string> Instances);
