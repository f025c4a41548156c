using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>The log that the monitor writes for an instance: one file an id, kept over restarts, below <c>stacks/STACK/logs</c> of the store.</summary>
/// <remarks>
/// The format is the monitor's (CRI's): <c>TIME STREAM F|P TEXT</c>, where P marks a part of a line that goes on in the next
/// entry. When a file has grown to its limit it becomes <c>ID.log.1</c> and the monitor begins a new one, so that a log never
/// takes more than twice the limit. While no agent runs the monitor itself starts the file anew at four times the limit.
/// </remarks>
public static class InstanceLog
{
    /// <summary>The size at which a log is rotated.</summary>
    public const long Limit = 16 << 20;

    public static string PathOf(Store store, string stack, string id) => Path.Combine(store.PathOf(StoreArea.Stacks, stack), "logs", id + ".log");

    /// <summary>The log's lines, oldest first; with <paramref name="follow"/> it goes on until cancelled, over rotations too.</summary>
    /// <param name="instance">What the lines are marked with: <c>web-1</c>.</param>
    /// <param name="last">Begin with only so many of the lines that are there; null for all.</param>
    public static async IAsyncEnumerable<LogLine> ReadAsync(string path, string instance, int? last, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        var parser = new Parser(instance);
        var reader = Open(path, null) is { } opened ? opened : null;
        try
        {
            IEnumerable<LogLine> present = [.. ReadAll(path + ".1", new Parser(instance)), .. reader is null ? [] : parser.Drain(reader)];
            foreach (var line in last is { } count ? present.TakeLast(count) : present)
                yield return line;
            while (follow)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (reader is not null)
                {
                    foreach (var line in parser.Drain(reader))
                        yield return line;
                }

                // After a rotation the name leads to another file; the old one has been read to its end above.
                if (Open(path, reader) is { } next)
                {
                    if (reader is not null)
                    {
                        foreach (var line in parser.Drain(reader))
                            yield return line;
                        await reader.DisposeAsync();
                    }

                    reader = next;
                    continue;
                }

                try
                {
                    await Task.Delay(pause, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    yield break;
                }
            }
        }
        finally
        {
            if (reader is not null)
                await reader.DisposeAsync();
        }
    }

    /// <summary>Begins a new file when this one has reached its limit.</summary>
    /// <param name="control">The monitor's control pipe.</param>
    internal static void Rotate(string path, string control, long limit = Limit)
    {
        if (!File.Exists(path) || new FileInfo(path).Length < limit || !File.Exists(control))
            return;
        Files.Rename(path, path + ".1");
        // conmon's message "open the log anew": kind 2 and two numbers that mean nothing here.
        using var pipe = new FileStream(control, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        pipe.Write("2 0 0\n"u8);
    }

    private static IEnumerable<LogLine> ReadAll(string path, Parser parser)
    {
        using var reader = Open(path, null);
        return reader is null ? [] : parser.Drain(reader);
    }

    /// <summary>Opens the file unless the one that is open is still the same.</summary>
    private static FileStream? Open(string path, FileStream? current)
    {
        if (Nodes.Find(path) is not { } node || (current is not null && Nodes.Find($"/proc/self/fd/{current.SafeFileHandle.DangerousGetHandle()}") is not null
            && node.Inode == InodeOf(current) && node.Size >= current.Position))
            return null;
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static ulong InodeOf(FileStream file)
    {
        // fdinfo tells the inode of an open file, whatever its name has become: proc(5).
        var info = File.ReadLines($"/proc/self/fdinfo/{file.SafeFileHandle.DangerousGetHandle()}").First(line => line.StartsWith("ino:", StringComparison.Ordinal));
        return ulong.Parse(info.AsSpan(4).Trim(), CultureInfo.InvariantCulture);
    }

    private sealed class Parser(string instance)
    {
        private readonly MemoryStream _rest = new();
        private readonly Dictionary<string, StringBuilder> _partial = [];

        /// <summary>The lines that have become whole.</summary>
        public List<LogLine> Drain(FileStream file)
        {
            List<LogLine> lines = [];
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = file.Read(buffer)) > 0)
            {
                for (var from = 0; from < count;)
                {
                    var end = Array.IndexOf(buffer, (byte)'\n', from, count - from);
                    var to = end < 0 ? count : end;
                    _rest.Write(buffer, from, to - from);
                    from = to + 1;
                    if (end < 0)
                        break;
                    if (Parse(Encoding.UTF8.GetString(_rest.GetBuffer(), 0, (int)_rest.Length)) is { } line)
                        lines.Add(line);
                    _rest.SetLength(0);
                }
            }

            return lines;
        }

        private LogLine? Parse(string entry)
        {
            var fields = entry.Split(' ', 4);
            if (fields.Length < 4 || !DateTimeOffset.TryParse(fields[0], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
                return null;
            var text = fields[3];
            if (fields[2] == "P")
            {
                if (!_partial.TryGetValue(fields[1], out var begun))
                    _partial[fields[1]] = begun = new StringBuilder();
                begun.Append(text);
                return null;
            }

            if (_partial.Remove(fields[1], out var first))
                text = first.Append(text).ToString();
            return new LogLine(instance, time, fields[1] == "stderr", text);
        }
    }
}
