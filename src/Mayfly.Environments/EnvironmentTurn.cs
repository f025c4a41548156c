using System.Globalization;
using System.Text;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Environments;

/// <summary>The right to change an environment, which one process has at a time.</summary>
/// <remarks>
/// It is the flock of a file beside the environment, whose name survives every change of it; the kernel releases it when its process ends in whatever way. What is in the file is for those
/// who wait: who has the right, and since when. It goes with its environment; who waited for it then finds another file, or none, below its name, and begins anew.
/// </remarks>
internal sealed class EnvironmentTurn : IDisposable
{
    private readonly SafeFileHandle _file;

    private readonly string _path;

    private EnvironmentTurn(SafeFileHandle file, string path) => (_file, _path) = (file, path);

    /// <summary>Waits for it.</summary>
    /// <param name="root">The environment's path.</param>
    /// <param name="progress">Told for whom it waits.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MayflyException">There is no such environment, or none any more.</exception>
    public static EnvironmentTurn Take(string root, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var path = $"{Path.GetDirectoryName(root)}/.{Path.GetFileName(root)}.lock";
        while (true)
        {
            var file = Open(root, path);
            try
            {
                var told = "";
                for (; !Files.Lock(file, exclusive: true, wait: false); cancellationToken.WaitHandle.WaitOne(50))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (Holder(file) is { Length: > 0 } holder && holder != told)
                        progress?.Report(new Activity("wait", $"{Path.GetFileName(root)} is being changed by {told = holder}") { AtOnce = true });
                }

                if (told.Length > 0)
                    progress?.Report(new Activity("wait", $"{Path.GetFileName(root)} is free") { Ended = true });
                if (Nodes.Find(path) is { } named && named.Inode == Nodes.Of(file, path).Inode)
                {
                    // Whoever had it before may have deleted the environment, or somebody asks for one that never was.
                    if (!File.Exists($"{root}/pyvenv.cfg"))
                        File.Delete(path);
                    VirtualEnvironment.Require(root);
                    Sign(file);
                    return new EnvironmentTurn(file, path);
                }

                file.Dispose();
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
    }

    /// <summary>The environment is gone, and nobody needs the file any more.</summary>
    public void Remove() => File.Delete(_path);

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Open(string root, string path)
    {
        try
        {
            return FileHandles.OpenOrCreate(path);
        }
        catch (LinuxException e)
        {
            var folder = Path.GetDirectoryName(root)!;
            throw new MayflyException($"{root} cannot be changed: {HostRefusal.Why(e, folder)}", HostRefusal.IsFull(e) ? $"remove a file from the disk of {folder} that nobody needs, and run the command again" : "look who may write there", e);
        }
    }

    /// <summary>On a full disk those who wait are told nothing; that is no reason not to remove what is on it.</summary>
    private static void Sign(SafeFileHandle file)
    {
        RandomAccess.SetLength(file, 0);
        try
        {
            RandomAccess.Write(file, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} since {DateTime.Now:HH:mm:ss}\n")), 0);
        }
        catch (IOException e) when (HostRefusal.IsFull(e))
        {
        }
    }

    private static string Holder(SafeFileHandle file)
    {
        var text = new byte[100];
        return Encoding.UTF8.GetString(text, 0, RandomAccess.Read(file, text, 0)).Trim();
    }
}
