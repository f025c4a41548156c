Console.WriteLine("mayfly");
return 0;
