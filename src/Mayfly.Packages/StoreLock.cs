using System.Globalization;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages;

/// <summary>The store's lock: a flock, so that the kernel releases it when its process ends in whatever way.</summary>
internal static class StoreLock
{
    /// <summary>Waits for it.</summary>
    /// <param name="root">The store's.</param>
    /// <param name="exclusive">True to have it alone.</param>
    /// <param name="handedDown">True when the program that this process becomes shall hold it too.</param>
    /// <param name="progress">Told for whom it waits.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MayflyException">The store may not be written.</exception>
    public static IDisposable Take(string root, bool exclusive, bool handedDown, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var file = Open(root);
        try
        {
            string? place = null;
            // The kernel's list is read in pieces, and one who has a lock may be missing from it for a moment: only a new name is news, and that there is none at all when it is so again.
            var (told, looks) = (new HashSet<string>(StringComparer.Ordinal), 0);
            for (; !Files.Lock(file, exclusive, wait: false); cancellationToken.WaitHandle.WaitOne(50))
            {
                cancellationToken.ThrowIfCancellationRequested();
                IReadOnlyList<string> holders = Holders(place ??= PlaceOf(file)) is { Count: > 0 } known ? known : looks++ > 1 && told.Count == 0 ? ["another process"] : [];
                if (holders.Except(told).Any())
                    progress?.Report(new Activity("wait", $"the store {root} is {(exclusive ? "in use by" : "being pruned by")} {string.Join(", ", holders)}") { AtOnce = true });
                told.UnionWith(holders);
            }

            if (told.Count > 0)
                progress?.Report(new Activity("wait", $"the store {root} is free") { Ended = true });
            if (handedDown)
                Inheritance.HandDown(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Open(string root)
    {
        const int AccessDenied = 13, ReadOnly = 30;
        try
        {
            return FileHandles.OpenOrCreate(Path.Combine(root, "lock"));
        }
        catch (LinuxException e) when (e.Errno == ReadOnly)
        {
            throw new MayflyException($"the store {root} cannot be written: its file system is mounted read-only", "mount it for writing, or set MAYFLY_STORE to a folder elsewhere", e);
        }
        catch (LinuxException e) when (e.Errno == AccessDenied)
        {
            throw new MayflyException($"the store {root} may not be used by {Environment.UserName}: {e.Message}",
                "set MAYFLY_STORE to a folder of your own, or unset it, or run the command as the user whose store it is", e);
        }
    }

    /// <summary>Who has it, as the kernel lists locks (proc_locks(5)): many may have it together, so none can sign it as those do who have something alone.</summary>
    /// <param name="place">The file, as that list has it.</param>
    private static IReadOnlyList<string> Holders(string place)
    {
        var processes = from line in File.ReadLines("/proc/locks")
                        let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                        // A second field -> is one that waits.
                        where fields is [_, "FLOCK", ..] && fields[5] == place
                        let id = int.Parse(fields[4], CultureInfo.InvariantCulture)
                        where id > 0
                        orderby id
                        select ProcessIdentity.Of(id) into process
                        where process is not null
                        select string.Create(CultureInfo.InvariantCulture, $"process {process.Value.Id} since {process.Value.StartedAt.ToLocalTime():HH:mm:ss}");
        // In another namespace of processes it has no number here.
        return [.. processes.Distinct()];
    }

    /// <summary>
    /// Device and number of an open file, as <c>/proc/locks</c> has them. The device is that of the file system, which is said for its mount (proc_pid_mountinfo(5)); what stat(2) says is another one
    /// where a file system has parts (btrfs). Empty where it cannot be known: then nobody is named rather than the wrong one.
    /// </summary>
    private static string PlaceOf(SafeFileHandle file)
    {
        var mount = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{file.DangerousGetHandle()}")).Select(static line => line.Split('\t', 2)).FirstOrDefault(static words => words is ["mnt_id:", _])?[1].Trim();
        return File.ReadLines("/proc/self/mountinfo").Select(static line => line.Split(' ', 4)).FirstOrDefault(words => words[0] == mount) is [_, _, var device, ..] && device.Split(':') is [var major, var minor]
            ? string.Create(CultureInfo.InvariantCulture, $"{int.Parse(major, CultureInfo.InvariantCulture):x2}:{int.Parse(minor, CultureInfo.InvariantCulture):x2}:{Nodes.Of(file, "lock").Inode}") : "";
    }
}
