namespace Mayfly.Images.Building;

/// <summary>How a program inside a root ended.</summary>
/// <param name="Output">The last lines it printed, both streams in one.</param>
internal sealed record ProgramResult(int ExitCode, string Output);

/// <summary>The end of a program's output; a failing script's reason stands there, and nothing may grow without limit.</summary>
internal sealed class OutputTail
{
    private const int MostLines = 60, MostCharacters = 400;

    private readonly Queue<string> _lines = [];
    private readonly Lock _lock = new();

    public string Text
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _lines);
        }
    }

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Enqueue(line.Length > MostCharacters ? line[..MostCharacters] + "…" : line);
            if (_lines.Count > MostLines)
                _lines.Dequeue();
        }
    }
}
