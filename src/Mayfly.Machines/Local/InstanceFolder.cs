using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>What the host keeps of one instance in files, by the instance's id.</summary>
/// <remarks>
/// <c>instances/ID/</c> holds <c>spec.json</c> (the label), the bundle, the monitor's pid file and sockets, and
/// <c>process</c>: number and start time of the main process, written last, so that an instance without it was never
/// started whole. <c>exits/ID</c> is the monitor's: the exit code. Folders are the database: an agent that was killed
/// finds what runs by listing them, and nothing can say otherwise than the kernel for longer than a look at it.
/// </remarks>
internal sealed class InstanceFolder(string runFolder, string id)
{
    public string Id => id;

    public string Path { get; } = System.IO.Path.Combine(runFolder, "instances", id);

    public string ExitFile { get; } = System.IO.Path.Combine(runFolder, "exits", id);

    public string Config => File("config.json");

    public string Root => File("rootfs");

    /// <summary>The veth's end on the host. Named by hash, because 15 characters hold no id.</summary>
    public string Link => "mfv" + Network.ShortHash(id);

    public static IEnumerable<InstanceFolder> All(string runFolder)
    {
        var instances = System.IO.Path.Combine(runFolder, "instances");
        return Directory.Exists(instances) ? Directory.EnumerateDirectories(instances).Order(StringComparer.Ordinal).Select(path => new InstanceFolder(runFolder, System.IO.Path.GetFileName(path))) : [];
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Null when there is no such instance, or its creator died before it had written what it was to be.</summary>
    public InstanceLabel? ReadLabel()
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File("spec.json")), LabelJson.Default.InstanceLabel);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    public void WriteLabel(InstanceLabel label) => Replace("spec.json", JsonSerializer.SerializeToUtf8Bytes(label, LabelJson.Default.InstanceLabel));

    /// <summary>The main process as it was started; it may have ended.</summary>
    public ProcessIdentity? ReadProcess() =>
        Read(File("process"))?.Split(' ') is [var process, var time]
            ? new ProcessIdentity(int.Parse(process, CultureInfo.InvariantCulture), ulong.Parse(time, CultureInfo.InvariantCulture))
            : null;

    public void WriteProcess(ProcessIdentity process) =>
        Replace("process", System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{process.Id} {process.StartTime}")));

    /// <summary>The number in one of the monitor's pid files, if a process of that number is this instance's monitor.</summary>
    public ProcessIdentity? Monitor()
    {
        if (!int.TryParse(Read(File("monitor.pid")), out var process) || ProcessIdentity.Of(process) is not { } identity)
            return null;
        // The number may be another's by now; the command line of a monitor names its bundle.
        return Read($"/proc/{process}/cmdline")?.Split('\0').Contains(Path) == true ? identity : null;
    }

    /// <summary>
    /// The monitors and runtimes that are at work on this instance, by their command lines: what a start that was killed
    /// leaves before the first pid file is written.
    /// </summary>
    public IReadOnlyList<ProcessIdentity> Starters() =>
        [.. Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(System.IO.Path.GetFileName(folder), out var process)
            && Read($"/proc/{process}/cmdline")?.Split('\0').Contains(Path) == true ? ProcessIdentity.Of(process) : null).OfType<ProcessIdentity>()];

    /// <summary>The process that the OCI runtime made, started or not, if it still lives.</summary>
    public ProcessIdentity? CreatedProcess() =>
        int.TryParse(Read(File("pid")), out var process) && Read($"/proc/{process}/cgroup")?.Contains($"/{id}\n", StringComparison.Ordinal) == true
            ? ProcessIdentity.Of(process) : null;

    public (int Code, DateTimeOffset At)? ReadExit() =>
        int.TryParse(Read(ExitFile), out var code) ? (code, new DateTimeOffset(System.IO.File.GetLastWriteTimeUtc(ExitFile))) : null;

    public static string? Read(string path)
    {
        try
        {
            return System.IO.File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Replace(string name, byte[] contents)
    {
        System.IO.File.WriteAllBytes(File(name + ".new"), contents);
        Files.Rename(File(name + ".new"), File(name));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(InstanceLabel))]
internal sealed partial class LabelJson : JsonSerializerContext;
