using System.Globalization;

namespace Mayfly.Machines.Agent;

/// <summary>The agent's own log: standard error, which the watchdog appends to <c>agent.log</c>.</summary>
internal static class AgentLog
{
    private const long Largest = 1 << 20;

    public static void Write(string message) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {message}"));

    /// <summary>Keeps one older file and starts anew when the log has grown large. All writers append, so cutting it is safe.</summary>
    public static void Bound(string path)
    {
        try
        {
            if (!File.Exists(path) || new FileInfo(path).Length < Largest)
                return;
            File.Copy(path, path + ".old", overwrite: true);
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(0);
        }
        catch (IOException e)
        {
            Write($"{path} cannot be cut: {e.Message}");
        }
    }
}
